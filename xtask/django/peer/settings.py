"""Plain settings; what differs from one run to the next comes from PEER_* variables."""

import os
from datetime import timedelta

SECRET_KEY = os.environ.get("PEER_SECRET", "a secret for tests alone, 0123456789abcdef")
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "peer.urls"
WSGI_APPLICATION = "peer.wsgi.application"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "rest_framework",
    "rest_framework_simplejwt",
    "rest_framework_simplejwt.token_blacklist",
]
if "PEER_USER_MODEL" in os.environ:
    INSTALLED_APPS.append("accounts")
    AUTH_USER_MODEL = os.environ["PEER_USER_MODEL"]
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ["PEER_DATABASE"],
        "OPTIONS": {"timeout": 20, "transaction_mode": "IMMEDIATE", "init_command": "PRAGMA journal_mode=WAL;"},
    }
}
PASSWORD_HASHERS = [
    f"django.contrib.auth.hashers.{name}PasswordHasher"
    for name in ("MD5", "PBKDF2", "PBKDF2SHA1", "Argon2", "BCryptSHA256", "BCrypt", "Scrypt")
]
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework_simplejwt.authentication.JWTAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
}
LIFETIME = timedelta(seconds=int(os.environ.get("PEER_LIFETIME", "300")))
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": LIFETIME,
    "REFRESH_TOKEN_LIFETIME": LIFETIME,
    "ROTATE_REFRESH_TOKENS": True,
    "BLACKLIST_AFTER_ROTATION": True,
}
if "PEER_JWK_URL" in os.environ:
    SIMPLE_JWT |= {"ALGORITHM": os.environ["PEER_ALGORITHM"], "JWK_URL": os.environ["PEER_JWK_URL"]}
if "PEER_ISSUER" in os.environ:
    SIMPLE_JWT |= {"ISSUER": os.environ["PEER_ISSUER"], "AUDIENCE": os.environ["PEER_ISSUER"]}
# What the guide tells people to write into their settings.
if "PEER_GUIDE" in os.environ:
    with open(os.environ["PEER_GUIDE"], encoding="utf-8") as guide:
        exec(guide.read())
if "PEER_CHECK_REVOKE_TOKEN" in os.environ:
    SIMPLE_JWT |= {"CHECK_REVOKE_TOKEN": True}
