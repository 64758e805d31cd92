import ArgumentParser
import Foundation

/// `nightshift completions`
struct CompletionsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "completions", abstract: "Print the completion script of a shell.",
    discussion: """
      bash: nightshift completions bash > /etc/bash_completion.d/nightshift
      zsh:  nightshift completions zsh > "${fpath[1]}/_nightshift"
      fish: nightshift completions fish > ~/.config/fish/completions/nightshift.fish
      """)

  enum Shell: String, ExpressibleByArgument, CaseIterable { case bash, zsh, fish }

  @Argument(help: "The shell.")
  var shell: Shell

  func run() throws {
    let completion: CompletionShell =
      switch shell {
      case .bash: .bash
      case .zsh: .zsh
      case .fish: .fish
      }
    Output.write(CompletedCommands.completionScript(for: completion) + "\n", to: STDOUT_FILENO)
  }
}
