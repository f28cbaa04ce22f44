import GatewayCore
import Testing

@testable import Configuration

/// Secrets that the file only names: in files, in systemd's credentials, and in variables.
@Suite struct SecretTests {
    private static let source = SecretSource { name in
        ["MQTT_PASSWORD": "s3cret", "CREDENTIALS_DIRECTORY": "/run/credentials/swiftlet"][name]
    } file: { path in
        switch path {
        case "/run/credentials/swiftlet/broker": .success(Array("from file\n".utf8))
        case "/windows": .success(Array("from file\r\n".utf8))
        case "/two": .success(Array("two\n\n".utf8))
        case "/binary": .success([0xFF, 0xFE])
        default: .failure(SecretError("cannot be read: no such file"))
        }
    }

    private func read(_ password: String) -> Result<Settings, ConfigurationErrors> {
        let text = "broker.username = 'u'\nbroker.password = '\(password)'\n"
        return SettingsReader.read(Array(text.utf8), file: "f.toml", secrets: Self.source)
    }

    @Test(arguments: [
        ("plain", "plain"), ("env:MQTT_PASSWORD", "s3cret"), ("file:${CREDENTIALS_DIRECTORY}/broker", "from file"),
        ("file:/windows", "from file"), ("file:/two", "two\n"), ("text:file:x", "file:x"), ("text:${X}", "${X}"),
        ("files", "files"), ("environment", "environment"),
    ])
    func isFound(password: String, value: String) throws {
        #expect(try read(password).get().gateway.upstream.password == Array(value.utf8))
    }

    @Test(arguments: [
        ("${MQTT_PASSWORD}", "'broker.password' would be taken as it stands"),
        ("env:NOT_SET", "'broker.password' names the variable 'NOT_SET', which is not set"),
        ("file:/nowhere", "'broker.password' names the file '/nowhere', which cannot be read: no such file"),
        ("file:", "'broker.password' names no file behind 'file:'"),
        ("file:/a/${X", "'broker.password' has a '${' without its '}'"),
        ("file:/binary", "'broker.password' names the file '/binary', which is not UTF-8 text"),
    ])
    func isExplained(password: String, message: String) {
        let failure = #expect(throws: ConfigurationErrors.self) { try read(password).get() }
        #expect(failure?.description.hasPrefix("f.toml:2:19: \(message)") == true, "\(failure?.description ?? "")")
    }

    /// What is not the password's own fault: who may read it.
    @Test func whereTheSecretWasIsKnown() throws {
        #expect(try read("plain").get().host.hasSecretInTheOpen)
        #expect(try !read("env:MQTT_PASSWORD").get().host.hasSecretInTheOpen)
        let named = try read("file:/windows").get().host
        #expect((named.hasSecretInTheOpen, named.secretFiles) == (false, ["/windows"]))
    }

    /// What is written of settings that were read from elsewhere is read as the same settings.
    @Test(arguments: ["text:file:/x", "text:${X}", "text:env:Y", "env:MQTT_PASSWORD", "text:text:z", "plain"])
    func isWrittenAsItStands(password: String) throws {
        let settings = try read(password).get()
        let text = SettingsWriter.toml(settings, masksSecrets: false)
        let again = try SettingsReader.read(Array(text.utf8), file: "f.toml").get()
        #expect(again.gateway.upstream == settings.gateway.upstream)
    }

    /// A change of a password says that there is one, and no more.
    @Test func aChangeShowsNoSecret() throws {
        let changes = SettingsChanges(from: try read("old").get(), to: try read("new").get())
        #expect(changes.live == ["broker.password changed"])
    }
}
