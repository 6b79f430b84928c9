"""The protected views, and a switch for the suites."""

from django.contrib.auth import get_user_model
from rest_framework.decorators import api_view, authentication_classes, permission_classes
from rest_framework.permissions import AllowAny
from rest_framework.response import Response
from rest_framework_simplejwt.authentication import JWTStatelessUserAuthentication


@api_view(["GET"])
def whoami(request):
    """Protected by the default, JWTAuthentication: it looks the user up."""
    return Response({"id": request.user.pk, "username": request.user.get_username()})


@api_view(["GET"])
@authentication_classes([JWTStatelessUserAuthentication])
def stateless(request):
    """Protected by the token alone."""
    return Response({"id": request.user.pk, "is_staff": bool(request.user.is_staff)})


@api_view(["POST"])
@authentication_classes([])
@permission_classes([AllowAny])
def people(request, username, state):
    """Enables or disables a user."""
    users = get_user_model()
    users.objects.filter(**{users.USERNAME_FIELD: username}).update(is_active=state == "enable")
    return Response({})
