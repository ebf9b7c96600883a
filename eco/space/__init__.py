"""Geometry and rasters: arrays in, arrays out."""

from eco.files import bar_foreign_drivers

bar_foreign_drivers()  # before any module here imports GDAL
