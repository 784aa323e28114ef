BEGIN TRANSACTION;
CREATE TABLE event (
	scenario_id TEXT NOT NULL, 
	seq INTEGER NOT NULL, 
	client TEXT NOT NULL, 
	client_n BIGINT NOT NULL, 
	kind TEXT NOT NULL, 
	body TEXT NOT NULL, 
	who TEXT NOT NULL, 
	made TEXT NOT NULL, 
	hash TEXT NOT NULL, 
	PRIMARY KEY (scenario_id, seq), 
	UNIQUE (scenario_id, client, client_n), 
	FOREIGN KEY(scenario_id) REFERENCES scenario (id)
);
INSERT INTO "event" VALUES('a1661620b60244dbbe23e76a03e799d7',1,'browser',1,'edit','{"title":"1 unit to North","to":{"E01000009":"North"},"zones":[]}','Ann','2026-11-22T10:55:29.214+00:00','793f4c4f3b28b8a74444e670492cad9b');
INSERT INTO "event" VALUES('a1661620b60244dbbe23e76a03e799d7',2,'browser',2,'lock','{"on":true,"zones":["Middle"],"units":[]}','Ann','2026-11-22T10:55:29.214+00:00','018a29a398fc34f09011ce5fc61b32a7');
INSERT INTO "event" VALUES('a1661620b60244dbbe23e76a03e799d7',3,'browser',3,'undo','{}','Ann','2026-11-22T10:55:29.214+00:00','1dff00654854ee9ead617ca528cdae10');
INSERT INTO "event" VALUES('c32725288d144eb583a2af789edba946',3,'other',1,'edit','{"title":"1 unit to South","to":{"E01000001":"South"},"zones":[]}','Ben','2026-11-22T10:55:29.238+00:00','382d2866587245af9286ab21f08b2ab6');
CREATE TABLE scenario (
	id TEXT NOT NULL, 
	authority TEXT NOT NULL, 
	vintage TEXT NOT NULL, 
	geography TEXT NOT NULL, 
	title TEXT NOT NULL, 
	baseline TEXT NOT NULL, 
	note TEXT NOT NULL, 
	parent TEXT, 
	parent_seq INTEGER, 
	who TEXT NOT NULL, 
	made TEXT NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(parent) REFERENCES scenario (id)
);
INSERT INTO "scenario" VALUES('a1661620b60244dbbe23e76a03e799d7','small','2011','small-2011','Level the north','{"key":"zones","title":"Team areas","zone_word":"team area","kind":"zones","status":"published","note":"","source":"","units":["E01000001","E01000002","E01000003","E01000004","E01000005","E01000006","E01000007","E01000008","E01000009"],"zones":["North","Middle","South"],"assignment":[0,0,0,1,1,1,2,2,2]}','',NULL,NULL,'Ann','2026-11-22T10:55:29.200+00:00');
INSERT INTO "scenario" VALUES('c32725288d144eb583a2af789edba946','small','2011','small-2011','The other way','{"key":"zones","title":"Team areas","zone_word":"team area","kind":"zones","status":"published","note":"","source":"","units":["E01000001","E01000002","E01000003","E01000004","E01000005","E01000006","E01000007","E01000008","E01000009"],"zones":["North","Middle","South"],"assignment":[0,0,0,1,1,1,2,2,2]}','','a1661620b60244dbbe23e76a03e799d7',2,'Ben','2026-11-22T10:55:29.223+00:00');
CREATE TABLE zonewright_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT zonewright_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "zonewright_version" VALUES('0001');
CREATE INDEX ix_scenario_authority ON scenario (authority);
CREATE TRIGGER scenario_no_update BEFORE UPDATE ON scenario BEGIN SELECT RAISE(ABORT, 'Scenarios are only ever added to.'); END;
CREATE TRIGGER scenario_no_delete BEFORE DELETE ON scenario BEGIN SELECT RAISE(ABORT, 'Scenarios are only ever added to.'); END;
CREATE TRIGGER event_no_update BEFORE UPDATE ON event BEGIN SELECT RAISE(ABORT, 'Scenarios are only ever added to.'); END;
CREATE TRIGGER event_no_delete BEFORE DELETE ON event BEGIN SELECT RAISE(ABORT, 'Scenarios are only ever added to.'); END;
COMMIT;
