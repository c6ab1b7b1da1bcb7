"""What the specifications say of an edited input: must it be refused, must it be accepted, or is either right."""
