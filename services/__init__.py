"""The gRPC services, and the two layers below them: runtime and voice."""
