"""The bureau's files, read and checked, in our words."""

from eco.files import bar_foreign_drivers

bar_foreign_drivers()  # before any module here imports GDAL
