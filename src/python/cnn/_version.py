"""The version of the package, which is that of include/cnn/version.h."""

VERSION = "0.1.0"
