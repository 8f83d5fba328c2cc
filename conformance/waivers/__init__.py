"""Waivers: failures a team knows of, each with a reason, an owner and a day on which it ends."""
