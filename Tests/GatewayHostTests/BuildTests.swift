import Testing

@testable import GatewayHost

/// Proves that a binary says which one it is: to a person, and to a program.
@Suite struct BuildTests {
    @Test func aPackageNamesItsCommit() {
        let build = Build(version: "0.2.0", commit: "568e604", architecture: "x86_64", swift: "6.3.1")
        #expect(build.description == "swiftlet 0.2.0 (568e604, x86_64, Swift 6.3.1)")
        #expect(
            build.json == #"{"version":"0.2.0","commit":"568e604","architecture":"x86_64","swift":"6.3.1"}"#)
    }

    @Test func aBuildByHandSaysThatItHasNone() {
        #expect(Build.current.commit == nil)
        #expect(Build.current.description.hasPrefix("swiftlet \(Build.current.version) (no commit, "))
        #expect(Build.current.json.contains(#""commit":null"#))
    }

    @Test func theCommandPrintsBothForms() throws {
        #expect(try SwiftletCommand.run(["--version"]).output == "\(Build.current)\n")
        #expect(try SwiftletCommand.run(["version", "--json"]).output == "\(Build.current.json)\n")
    }
}
