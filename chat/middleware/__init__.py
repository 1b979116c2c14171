"""What stands between the transport and the controllers: who is asking, what they sent, what every answer carries."""
