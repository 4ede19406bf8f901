-- Tables that refer to each other, for includes and pages by key: a buyer has
-- an address and 30 rentals.  :buyers is how many there are.
CREATE UNLOGGED TABLE address (
	id bigint PRIMARY KEY,
	street text NOT NULL,
	city text NOT NULL,
	postal_code text
);
INSERT INTO address
SELECT i, i || ' Rue de la Paix', (ARRAY['Lyon', 'Malmö', 'İzmir'])[1 + i % 3],
	CASE WHEN i % 5 > 0 THEN lpad(i::text, 5, '0') END
FROM generate_series(1, :buyers) i;

CREATE UNLOGGED TABLE buyer (
	id bigint PRIMARY KEY,
	first_name text NOT NULL,
	last_name text NOT NULL,
	email text,
	active boolean NOT NULL,
	address_id bigint NOT NULL REFERENCES address
);
INSERT INTO buyer
SELECT id, first_name, last_name, email, active, 1 + id * 7 % :buyers
FROM customer WHERE id <= :buyers;

CREATE UNLOGGED TABLE rental (
	id bigint PRIMARY KEY,
	buyer_id bigint NOT NULL REFERENCES buyer,
	film text NOT NULL,
	staff_id integer NOT NULL,
	rented timestamptz NOT NULL,
	returned timestamptz
);
INSERT INTO rental
SELECT i, 1 + i * 11 % :buyers, 'Film number ' || i % 1000, 1 + i % 2,
	timestamptz '2025-01-01 08:00:00+00' + i / 3 * interval '1 minute',
	CASE WHEN i % 8 > 0 THEN
		timestamptz '2025-01-04 08:00:00+00' + i / 3 * interval '1 minute' END
FROM generate_series(1, 30 * :buyers) i;
CREATE INDEX ON rental (buyer_id, id);
CREATE INDEX ON rental (rented, id);

VACUUM ANALYZE address, buyer, rental;
