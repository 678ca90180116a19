"""AWS on one machine: starts an emulator and applies the real Terraform to it (``make aws-up``)."""
