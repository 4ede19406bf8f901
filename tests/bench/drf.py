"""The peer "Django REST Framework": one table, nothing checked; for gunicorn.

gunicorn drf:application, with the database in PGHOST, PGDATABASE and PGUSER.
"""

import os

import django
from django.conf import settings

settings.configure(
    ALLOWED_HOSTS=["*"],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": os.environ["PGDATABASE"],
            "HOST": os.environ["PGHOST"],
            "USER": os.environ["PGUSER"],
            "CONN_MAX_AGE": None,
        }
    },
    INSTALLED_APPS=["rest_framework"],
    REST_FRAMEWORK={
        "DEFAULT_AUTHENTICATION_CLASSES": [],
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
        "UNAUTHENTICATED_USER": None,
    },
    ROOT_URLCONF=__name__,
    SECRET_KEY="not used",
    USE_TZ=True,
)
django.setup()

from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import models  # noqa: E402
from django.urls import include, path  # noqa: E402
from rest_framework import routers, serializers, viewsets  # noqa: E402


class Customer(models.Model):
    id = models.BigAutoField(primary_key=True)
    store_id = models.IntegerField()
    first_name = models.TextField()
    last_name = models.TextField()
    email = models.TextField(null=True)
    active = models.BooleanField(default=True)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        app_label = "bench"
        db_table = "customer"
        managed = False


class CustomerSerializer(serializers.ModelSerializer):
    class Meta:
        model = Customer
        fields = "__all__"


class CustomerView(viewsets.ModelViewSet):
    queryset = Customer.objects.all()
    serializer_class = CustomerSerializer

    def filter_queryset(self, queryset):
        if "limit" not in self.request.GET:
            return queryset
        return queryset.order_by("id")[: int(self.request.GET["limit"])]


router = routers.SimpleRouter()
router.register("customer", CustomerView)
urlpatterns = [path("", include(router.urls))]
application = get_wsgi_application()
