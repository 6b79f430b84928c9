"""A custom user model, as projects have them: people sign in with an address."""
