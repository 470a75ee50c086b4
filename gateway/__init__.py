"""REST, SSE and the web page over the gRPC services."""
