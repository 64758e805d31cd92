import Nightshift

/// `nightshift_enqueue(…)`: for programs in any language that want to enqueue inside a transaction of their own.
///
/// Documented in `docs/operations.md`. Ids are made as ``Nightshift/Identifier`` makes them, on the node that no process
/// ever leases.
enum PostgresEnqueueFunction {
  static let statements = [
    "CREATE SEQUENCE nightshift_sql_ids MINVALUE 0 MAXVALUE 4095 CYCLE",
    // The milliseconds since 2024, the node 1023, and a number that 4,096 calls within a millisecond would use up.
    """
    CREATE FUNCTION nightshift_make_id() RETURNS bigint LANGUAGE sql VOLATILE AS $$
      SELECT ((CAST(floor(extract(epoch FROM clock_timestamp()) * 1000) AS bigint) - 1704067200000) << 22)
        | (CAST(1023 AS bigint) << 12) | nextval('nightshift_sql_ids')
    $$
    """,
    function, searchPath,
  ].map(filled)

  /// Lets a job in a fair queue become ready by way of `scheduled`, where it gets its turn.
  static let fairStatements = [
    fairFunction.replacing("CREATE FUNCTION", with: "CREATE OR REPLACE FUNCTION"), searchPath,
  ].map(filled)

  /// Takes a key for limits. A function with another argument is another function: the former goes, and whoever was
  /// allowed to call it may call the new one.
  static let limitKeyStatements = [
    """
    CREATE TABLE nightshift_former_callers AS
    SELECT DISTINCT acl.grantee, acl.is_grantable FROM pg_proc p, aclexplode(p.proacl) AS acl
    WHERE p.proname = 'nightshift_enqueue' AND p.pronamespace = CAST(current_schema() AS regnamespace)
      AND acl.grantee <> p.proowner
    """,
    "DROP FUNCTION nightshift_enqueue",
    limitKeyFunction, searchPath,
    """
    DO $$ DECLARE
      caller record;
    BEGIN
      FOR caller IN SELECT * FROM nightshift_former_callers LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION nightshift_enqueue TO %s %s',
          CASE WHEN caller.grantee = 0 THEN 'PUBLIC' ELSE CAST(CAST(caller.grantee AS regrole) AS text) END,
          CASE WHEN caller.is_grantable THEN 'WITH GRANT OPTION' ELSE '' END);
      END LOOP;
    END $$
    """,
    "DROP TABLE nightshift_former_callers",
  ].map(filled)

  private static let limitKeyFunction =
    fairFunction
    .replacing("tags text[] DEFAULT NULL)", with: "tags text[] DEFAULT NULL, limit_key text DEFAULT NULL)")
    .replacing(
      "IF cardinality(tags) > 20",
      with: """
        IF octet_length(nightshift_enqueue.limit_key) NOT BETWEEN 1 AND 200 THEN
            RAISE EXCEPTION 'nightshift: limit_key must have 1 to 200 bytes'
              USING ERRCODE = 'invalid_parameter_value';
          END IF;
          IF cardinality(tags) > 20
        """
    )
    .replacing("INSERT INTO nightshift_payloads(id, payload, timeout, owner, tags)", with: payloadInsert)
    .replacing(
      "THEN CAST(to_jsonb(tags) AS text) END);",
      with: "THEN CAST(to_jsonb(tags) AS text) END, "
        + "nightshift_enqueue.limit_key);")

  private static let payloadInsert = "INSERT INTO nightshift_payloads(id, payload, timeout, owner, tags, limit_key)"

  private static let fairFunction =
    function
    // A column of the turns has the same name.
    .replacing(/\blane\b/, with: "chosen_queue")
    .replacing(
      "CASE WHEN due_us > now_us THEN",
      with: """
        CASE WHEN due_us > now_us OR EXISTS (
          SELECT 1 FROM nightshift_turns t WHERE t.queue = chosen_queue AND t.lane = '') THEN
        """)

  private static let function = """
    CREATE FUNCTION nightshift_enqueue(
      kind text, payload jsonb DEFAULT '{}', queue text DEFAULT NULL, priority text DEFAULT NULL,
      run_at timestamptz DEFAULT NULL, max_attempts integer DEFAULT NULL, unique_key text DEFAULT NULL,
      tags text[] DEFAULT NULL) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER AS $$
    #variable_conflict use_column
    DECLARE
      known nightshift_kinds%ROWTYPE;
      now_us bigint := CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint);
      due_us bigint;
      new_id bigint := nightshift_make_id();
      holder bigint;
      lane text;
      level bigint;
      new_state bigint;
    BEGIN
      SELECT * INTO known FROM nightshift_kinds k WHERE k.kind = nightshift_enqueue.kind;
      IF NOT FOUND THEN
        RAISE EXCEPTION 'nightshift: no worker has ever registered the kind "%"', nightshift_enqueue.kind
          USING ERRCODE = 'foreign_key_violation', HINT = 'Start a worker that has it, or correct the name.';
      END IF;
      lane := coalesce(nightshift_enqueue.queue, known.queue);
      IF lane !~ '^[a-z0-9][a-z0-9._-]{0,99}$' THEN
        RAISE EXCEPTION 'nightshift: "%" is no name of a queue', lane USING ERRCODE = 'invalid_parameter_value';
      END IF;
      level := CASE coalesce(nightshift_enqueue.priority, '')
        WHEN '' THEN known.priority {priorities} ELSE NULL END;
      IF level IS NULL THEN
        RAISE EXCEPTION 'nightshift: "%" is no priority', nightshift_enqueue.priority
          USING ERRCODE = 'invalid_parameter_value', HINT = 'Use {names}.';
      END IF;
      -- What the API refuses is refused here.
      IF nightshift_enqueue.max_attempts NOT BETWEEN 1 AND 1000 THEN
        RAISE EXCEPTION 'nightshift: max_attempts is %, and must be 1 to 1000', nightshift_enqueue.max_attempts
          USING ERRCODE = 'invalid_parameter_value';
      END IF;
      IF octet_length(CAST(coalesce(payload, '{}') AS text)) > 1048576 THEN
        RAISE EXCEPTION 'nightshift: the payload is larger than 1 MiB'
          USING ERRCODE = 'invalid_parameter_value', HINT = 'Store it elsewhere and enqueue where it is.';
      END IF;
      IF octet_length(unique_key) NOT BETWEEN 1 AND 200 THEN
        RAISE EXCEPTION 'nightshift: unique_key must have 1 to 200 bytes' USING ERRCODE = 'invalid_parameter_value';
      END IF;
      IF cardinality(tags) > 20 OR array_ndims(tags) > 1 OR EXISTS (
        SELECT 1 FROM unnest(tags) AS t WHERE t IS NULL OR octet_length(t) NOT BETWEEN 1 AND 100) THEN
        RAISE EXCEPTION 'nightshift: tags must be a list of at most 20, of 1 to 100 bytes each'
          USING ERRCODE = 'invalid_parameter_value';
      END IF;
      IF NOT isfinite(nightshift_enqueue.run_at) THEN
        RAISE EXCEPTION 'nightshift: run_at is infinite' USING ERRCODE = 'invalid_parameter_value';
      END IF;
      due_us := coalesce(CAST(extract(epoch FROM nightshift_enqueue.run_at) * 1000000 AS bigint), now_us);
      new_state := CASE WHEN due_us > now_us THEN 2 ELSE 0 END;
      IF unique_key IS NOT NULL THEN
        PERFORM pg_advisory_xact_lock(hashtextextended('unique//' || nightshift_enqueue.kind || chr(1) || 'name:' || unique_key, 0));
        INSERT INTO nightshift_keys(scope, key, job)
        VALUES ('unique//' || nightshift_enqueue.kind, 'name:' || unique_key, new_id)
        ON CONFLICT (scope, key) DO UPDATE SET job = excluded.job, expires_at = NULL, fingerprint = NULL
          WHERE nightshift_keys.expires_at <= now_us
            OR (nightshift_keys.expires_at IS NULL AND NOT EXISTS (
              SELECT 1 FROM nightshift_jobs j WHERE j.id = nightshift_keys.job AND j.state < 5));
        SELECT k.job INTO holder FROM nightshift_keys k
        WHERE k.scope = 'unique//' || nightshift_enqueue.kind AND k.key = 'name:' || unique_key;
        IF holder <> new_id THEN RETURN holder; END IF;
      END IF;
      INSERT INTO nightshift_queues(name, created_at) VALUES (lane, now_us) ON CONFLICT (name) DO NOTHING;
      INSERT INTO nightshift_jobs(id, queue, kind, state, priority, run_at, max_attempts)
      VALUES (new_id, lane, nightshift_enqueue.kind, new_state, level, due_us,
        coalesce(nightshift_enqueue.max_attempts, known.max_attempts));
      INSERT INTO nightshift_payloads(id, payload, timeout, owner, tags)
      VALUES (new_id, convert_to(CAST(coalesce(payload, '{}') AS text), 'UTF8'), known.timeout, session_user,
        CASE WHEN cardinality(tags) > 0 THEN CAST(to_jsonb(tags) AS text) END);
      INSERT INTO nightshift_tags(tag, job) SELECT DISTINCT t, new_id FROM unnest(tags) AS t;
      INSERT INTO nightshift_counters(queue, state, n) VALUES (lane, new_state, 1);
      INSERT INTO nightshift_rollups(hour, queue, kind, enqueued, completed, failed, dead, cancelled, wait_us,
        wait_max_us, run_us, run_max_us)
      VALUES (now_us / 3600000000 * 3600000000, lane, nightshift_enqueue.kind, 1, 0, 0, 0, 0, 0, 0, 0, 0);
      INSERT INTO nightshift_audit(at, actor, role, verb, subject)
      VALUES (now_us, 'sql:' || session_user, 'member', 'enqueue', 'job ' || new_id);
      -- The same words in one transaction are sent once, however many jobs it enqueues.
      PERFORM pg_notify('nightshift', CAST(
        CASE WHEN new_state = 0 THEN json_build_object('queues', json_build_array(lane))
        ELSE json_build_object('due', due_us) END AS text));
      RETURN new_id;
    END $$
    """

  /// Whoever may call it needs no rights on the tables, and finds them whatever their search path is.
  private static let searchPath = """
    DO $$ BEGIN
      EXECUTE format('ALTER FUNCTION nightshift_enqueue SET search_path = %I, pg_temp', current_schema());
      REVOKE EXECUTE ON FUNCTION nightshift_enqueue FROM PUBLIC;
    END $$
    """

  /// Puts in the priorities as they are stored.
  private static func filled(_ statement: String) -> String {
    let cases = Priority.allCases.map { "WHEN '\($0.rawValue)' THEN \($0.code)" }.joined(separator: " ")
    let names = Priority.allCases.map(\.rawValue).joined(separator: ", ")
    return statement.replacing("{priorities}", with: cases).replacing("{names}", with: names)
  }
}
