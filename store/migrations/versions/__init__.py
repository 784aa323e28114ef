"""The steps. One that was released is never changed; the next one mends it."""
