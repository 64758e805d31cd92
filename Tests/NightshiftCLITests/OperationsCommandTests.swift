import Nightshift
import Testing

@Suite(.timeLimit(.minutes(5))) struct `nightshift operations` {
  private let binary = Binary(folder: TemporaryFolder())

  @Test func `lists what was done to many jobs, shows it, and stops no two times`() async throws {
    try binary.folder.write("command: [sh, -c, 'echo no >&2; exit 65']\n", to: "jobs/fails/job.yaml")
    for _ in 0..<3 { #expect(try await binary.run("run", "fails").status == 1) }
    #expect(try await binary.run("operations").errors.contains("Nothing has been done"))
    let groups = try await binary.run("dead-letters", "--json").json()
    let group = try #require(groups["groups"]?.arrayValue?.first?["fingerprint"]?.stringValue)
    #expect(try await binary.run("dead-letters", "retry", group).output.contains("3 jobs were changed"))

    let list = try await binary.run("operations")
    let id = try #require(list.output.firstMatch(of: /opr_[0-9A-Z]+/).map { String($0.output) }, "\(list.errors)")
    #expect(list.output.contains("retry") && list.output.contains("completed") && list.output.contains("3/3"))
    #expect(try await binary.run("operations", "--json").json()["operations"]?[0]?["changed"] == 3)

    let shown = try await binary.run("operations", "show", id).output
    #expect(shown.contains("3 changed, 3 of 3 looked at") && shown.contains(group), "\(shown)")
    let late = try await binary.run("operations", "abort", id)
    #expect(late.status == 1 && late.errors.contains("completed already"), "\(late.errors)")
    let unknown = try await binary.run("operations", "show", "opr_0000000000001")
    #expect(unknown.status == 1 && unknown.errors.contains("There is no operation"), "\(unknown.errors)")
    #expect(try await binary.run("operations", "show", "job_1").status == 64)
  }
}
