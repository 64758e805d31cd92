import Testing

@testable import NightshiftCLI

@Suite struct `A setting` {
  private let yaml = """
    listen: 127.0.0.1:1
    worker:
      concurrency: 3
      queues: [mail, reports]
    retention:
      completed: 2d
    """

  @Test func `comes from its default when nobody sets it`() throws {
    let settings = try Settings()
    #expect(settings[.listen] == .init(text: "127.0.0.1:8080", origin: .standard))
    #expect(settings[.database] == nil)
  }

  @Test func `is taken from the strongest source`() throws {
    let file = (name: "nightshift.yaml", text: yaml)
    #expect(try Settings(yaml: file)[.listen]?.origin == .file("nightshift.yaml", line: 1))
    let dotEnv = "# mine\nexport NIGHTSHIFT_LISTEN=127.0.0.1:2"
    #expect(try Settings(dotEnv: dotEnv, yaml: file)[.listen]?.origin == .file(".env", line: 2))
    let environment = ["NIGHTSHIFT_LISTEN": "127.0.0.1:3"]
    let three = try Settings(environment: environment, dotEnv: dotEnv, yaml: file)
    #expect(three[.listen] == .init(text: "127.0.0.1:3", origin: .environment("NIGHTSHIFT_LISTEN")))
    let four = try Settings(
      flags: [.listen: ("--listen", "127.0.0.1:4")], environment: environment, dotEnv: dotEnv, yaml: file)
    #expect(four[.listen] == .init(text: "127.0.0.1:4", origin: .flag("--listen")))
  }

  @Test func `may be nested and a list in YAML`() throws {
    let settings = try Settings(yaml: ("nightshift.yaml", yaml))
    #expect(settings.integer(.workerConcurrency) == 3)
    #expect(settings.list(.workerQueues) == ["mail", "reports"])
    #expect(settings.duration(.retentionCompleted) == .seconds(2 * 86_400))
  }

  @Test func `keeps the names that people have`() throws {
    let settings = try Settings(environment: [
      "DATABASE_URL": "sqlite:///tmp/a.db", "WORKER_CONCURRENCY": "9", "AUTOPILOT_WORKER_AUTO_START": "false",
      "ALLOWED_ORIGINS": "https://a.example, https://b.example",
    ])
    #expect(try settings.database == .file(path: "/tmp/a.db"))
    #expect(settings.integer(.workerConcurrency) == 9)
    #expect(!settings.boolean(.workerAutoStart))
    #expect(settings.list(.allowedOrigins) == ["https://a.example", "https://b.example"])
  }

  @Test func `is told with all others that are wrong, each with its place and remedy`() {
    let yaml = "lsten: 127.0.0.1:1\nworker:\n  concurency: 3\n  gracePeriod: soon\nlog:\n  level: loud\n"
    let failure = #expect(throws: CommandFailure.self) {
      try Settings(
        environment: ["NIGHTSHIFT_LOG_FROMAT": "json"], dotEnv: "\nNIGHTSHIFT_JOSB=x\n", yaml: ("n.yaml", yaml))
    }
    #expect(failure?.status == ExitStatus.usage)
    let lines = failure?.description.split(separator: "\n").map(String.init) ?? []
    #expect(
      lines.prefix(4) == [
        "n.yaml line 1: there is no setting `lsten`. Did you mean `listen`?",
        "n.yaml line 3: there is no setting `worker.concurency`. Did you mean `worker.concurrency`?",
        "There is no setting NIGHTSHIFT_JOSB (.env line 2). Did you mean NIGHTSHIFT_JOBS?",
        "There is no setting NIGHTSHIFT_LOG_FROMAT. Did you mean NIGHTSHIFT_LOG_FORMAT?",
      ])
    #expect(lines.contains { $0.hasPrefix("`log.level` is \"loud\" (n.yaml line 6). Use one of trace") })
    #expect(lines.contains { $0.hasPrefix("`worker.gracePeriod` is \"soon\" (n.yaml line 4).") })
    #expect(lines.count == 6)
  }

  @Test(arguments: [
    ("lsten: x:1", "nightshift.yaml line 1: there is no setting `lsten`. Did you mean `listen`?"),
    (
      "\nconcurrency: 3",
      "nightshift.yaml line 2: there is no setting `concurrency`. Did you mean `worker.concurrency`?"
    ),
    (
      "worker:\n  concurency: 3",
      "nightshift.yaml line 2: there is no setting `worker.concurency`. Did you mean `worker.concurrency`?"
    ),
    (
      "zzzzzzzz: 1",
      "nightshift.yaml line 1: there is no setting `zzzzzzzz`. `nightshift config` lists the settings there are."
    ),
  ])
  func `that is unknown in YAML is refused with the nearest`(_ yaml: String, _ message: String) {
    let failure = #expect(throws: CommandFailure.self) { try Settings(yaml: ("nightshift.yaml", yaml)) }
    #expect(failure?.description == message)
  }

  @Test(arguments: [
    ("NIGHTSHIFT_LISTN", "There is no setting NIGHTSHIFT_LISTN. Did you mean NIGHTSHIFT_LISTEN?"),
    (
      "NIGHTSHIFT_WORKER_CONCURRENCY",
      "There is no setting NIGHTSHIFT_WORKER_CONCURRENCY. Did you mean WORKER_CONCURRENCY?"
    ),
  ])
  func `that is unknown in the environment is refused with the nearest`(_ name: String, _ message: String) {
    let failure = #expect(throws: CommandFailure.self) { try Settings(environment: [name: "1"]) }
    #expect(failure?.description == message)
  }

  @Test func `is not looked for in variables of others`() throws {
    _ = try Settings(environment: ["NIGHTSHIFT_CONTEXT": "x", "NIGHTSHIFT_TEST_POSTGRES": "y", "OTHER": "z"])
    _ = try Settings(environment: ["NIGHTSHIFT_SECRET_STRIPE": "what a script job was given"])
  }

  @Test(arguments: [
    (SettingKey.listen, "8080", "HOST:PORT"), (.workerConcurrency, "many", "from 1 to 10000"),
    (.retentionCompleted, "30m", "1h or more"), (.workerGracePeriod, "30", "a length of time"),
    (.logLevel, "loud", "one of trace"), (.workerAutoStart, "maybe", "true or false"),
    (.workerQueues, "Mail!", "names of queues"), (.url, "example.org", "http://"),
  ])
  func `that cannot be right is refused with what would be`(
    _ key: SettingKey, _ value: String, _ remedy: String
  ) {
    let failure = #expect(throws: CommandFailure.self) {
      try Settings(environment: [key.environmentName: value])
    }
    #expect(
      failure?.description.contains("`\(key.rawValue)` is \"\(value)\" (environment \(key.environmentName))")
        == true)
    #expect(failure?.description.contains(remedy) == true, "\(failure?.description ?? "")")
  }

  @Test func `never shows a secret`() throws {
    let settings = try Settings(environment: [
      "NIGHTSHIFT_TOKEN": "nst_secret", "NIGHTSHIFT_URL": "http://me:pass@h:1/",
    ])
    #expect(settings.shown(.token) == "••••••")
    #expect(settings.shown(.url) == "http://h:1/")
  }

  @Test func `that names PostgreSQL is shown without the password`() throws {
    let url = "postgres://me:hunter2@one,two:5433/db?sslmode=require&password=hunter3"
    let settings = try Settings(environment: ["DATABASE_URL": url])
    #expect(try settings.database == .server(url: url))
    #expect(try settings.database.description == "postgres://me@one,two:5433/db?sslmode=require&password=***")
    #expect(settings.shown(.database)?.contains("hunter") == false)
  }

  @Test func `that PostgreSQL's library cannot read is refused, without the password`() {
    let failure = #expect(throws: CommandFailure.self) {
      try Settings(environment: ["DATABASE_URL": "postgres://me:hunter2@host/db?no_such_option=1"])
    }
    #expect(failure?.description.contains("no_such_option") == true)
    #expect(failure?.description.contains("hunter2") == false)
  }
}

@Suite struct `A .env file` {
  @Test func `is read as shells do`() throws {
    let file = try DotEnvFile(
      parsing: """
        # a comment
        A=1
        export B = two words  # a comment
        C="quoted # \\"text\\"\\nline"
        D='raw $x'

        E=
        """)
    #expect(file.entries.map(\.name) == ["A", "B", "C", "D", "E"])
    #expect(file.entries.map(\.value) == ["1", "two words", "quoted # \"text\"\nline", "raw $x", ""])
    #expect(file.entries.map(\.line) == [2, 3, 4, 5, 7])
  }

  @Test(arguments: ["=1", "just words", "A=\"open"])
  func `that is malformed is refused with its line`(_ line: String) {
    let failure = #expect(throws: CommandFailure.self) { try DotEnvFile(parsing: "X=1\n\(line)") }
    #expect(failure?.description.hasPrefix(".env line 2") == true)
  }
}

@Suite struct `A listening address` {
  @Test(arguments: [
    ("127.0.0.1:8080", "127.0.0.1", 8080, "http://127.0.0.1:8080"), ("[::1]:0", "::1", 0, "http://[::1]:0"),
    ("0.0.0.0:80", "0.0.0.0", 80, "http://127.0.0.1:80"),
    ("localhost:1", "localhost", 1, "http://localhost:1"),
  ])
  func `is host and port`(_ text: String, _ host: String, _ port: Int, _ url: String) throws {
    let address = try #require(ListenAddress(text))
    #expect(address.host == host && address.port == port)
    #expect(ListenAddress.url(host: host, port: port) == url)
  }

  @Test(arguments: ["8080", ":8080", "::1:8080", "host:", "host:99999", "host:-1", ""])
  func `must have both`(_ text: String) { #expect(ListenAddress(text) == nil) }
}
