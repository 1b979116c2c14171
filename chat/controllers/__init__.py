"""What the app does. Knows no HTTP and no socket, so that routes, sockets and scripts call the same functions."""
