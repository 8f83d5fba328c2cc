"""The endpoints: each runs its guards and tells what it has to tell, message by message."""
