-- Until when a server has a delivery to itself: nobody else tries it meanwhile.
ALTER TABLE logouts ADD COLUMN claimed_until bigint;
