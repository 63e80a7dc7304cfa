"""Ways out: each takes one delivery and gives the receiver's answer, or raises DeliveryError with its cause."""
