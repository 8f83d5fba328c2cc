"""Ways to send a request: over the network, politely, or straight into a server in this process."""
