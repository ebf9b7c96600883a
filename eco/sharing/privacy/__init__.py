"""What may leave the office, decided before anything is drawn; rooms take frames or bytes and write nothing."""
