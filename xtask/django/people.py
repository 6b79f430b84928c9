"""people.py PASSWORD HASHER...: the user "ada" and one user for each hasher, named after it, all with this password."""

import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "peer.settings")

import django

django.setup()

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User

password, hashers = sys.argv[1], sys.argv[2:]
for hasher in hashers:
    User.objects.create(
        username=hasher,
        email=f"{hasher}@example.org",
        first_name="Ada",
        is_staff=hasher == "pbkdf2_sha256",
        password=make_password(password, hasher=hasher),
    )
for username, email, active in (("ada", "ada@example.org", True), ("gone", "", False), ("carol", "", True)):
    User.objects.create(username=username, email=email, is_active=active, password=make_password(password))
# Numbers are turned to strings, so this one signs in with a number.
User.objects.create(username="12", password=make_password("345"))
User.objects.create(username="unusable", password=make_password(None))
