"""What the tests are written with: both programs, VMs, clients, wire bytes."""
