"""What every service is made of: settings, log, errors, gRPC, bus, artifacts, stages."""
