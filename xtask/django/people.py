"""people.py PASSWORD HASHER...: the user "ada" and one user for each hasher, named after it, all with this password.

Where users sign in with an address, the names are in front of `@example.org`.
"""

import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "peer.settings")

import django

django.setup()

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group

User = get_user_model()
BY_ADDRESS = User.USERNAME_FIELD == "email"


def add(name, email="", **fields):
    """Adds somebody under a name, or under the address that is made of it."""
    if BY_ADDRESS:
        return User.objects.create(email=f"{name}@example.org", **fields)
    return User.objects.create(username=name, email=email, **fields)


password, hashers = sys.argv[1], sys.argv[2:]
staff = Group.objects.create(name="staff")
for hasher in hashers:
    user = add(
        hasher,
        email=f"{hasher}@example.org",
        first_name="Ada",
        is_staff=hasher == "md5",
        password=make_password(password, hasher=hasher),
    )
    user.groups.add(staff)
for name, email, active in (("ada", "ada@example.org", True), ("gone", "", False), ("carol", "", True)):
    add(name, email=email, is_active=active, password=make_password(password))
# Numbers are turned to strings, so this one signs in with a number.
add("12", password=make_password("345"))
add("unusable", password=make_password(None))
