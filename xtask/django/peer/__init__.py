"""A Django project as people have them, which Jeton is compared with and which takes Jeton's tokens."""
