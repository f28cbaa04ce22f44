import Configuration
import PahoConversion
import Transports

/// `swiftlet convert`: another gateway's configuration as one of this one's.
enum ConvertCommand {
    static let entry = CommandEntry(
        "convert", operands: "paho gateway.conf [predefinedTopic.conf] [clients.conf]", count: 2...4,
        "turn another gateway's configuration into one for this",
        details: """
            Reads the files of an Eclipse Paho MQTT-SN gateway and prints TOML that 'swiftlet check' accepts, with
            a comment for each setting that has no counterpart; they are counted on standard error. Which kind
            of link that gateway was built for does not stand in its file, so it has to be told by --link.
            """,
        options: [link], success: "converted", failures: [.dataError, .noInput, .software],
        examples: [("swiftlet convert paho gateway.conf predefinedTopic.conf > gateway.toml", "then read it")],
        synonyms: ["import", "migrate"], execute: execute)

    static let link = Option(
        "--link", choices: PahoConversion.Link.allCases.map(\.rawValue),
        help: "What the Paho gateway was built for; default udp.")

    private static let maximumByteCount = 1_048_576

    private static func execute(_ arguments: Arguments) throws(UsageError) -> ExitStatus {
        let kind = arguments.operands[0]
        guard kind == "paho" else { throw arguments.wrong("only 'paho' can be converted, not '\(kind)'") }
        var texts: [String] = []
        for path in arguments.operands.dropFirst() {
            do throws(IOError) {
                let bytes = try FileReader.read(path: path, maximumByteCount: maximumByteCount)
                texts.append(String(decoding: bytes, as: UTF8.self))
            } catch {
                Terminal.complain("cannot read '\(path)': \(error)")
                return .noInput
            }
        }
        let link = arguments.value(link).flatMap(PahoConversion.Link.init) ?? .udp
        let conversion = PahoConversion(gateway: texts[0], others: Array(texts.dropFirst()), link: link)
        guard conversion.hasFoundAnything else {
            Terminal.complain("'\(arguments.operands[1])' holds no key of a Paho gateway.conf, such as BrokerName=")
            return .dataError
        }
        if case .failure(let errors) = SettingsReader.read(Array(conversion.toml.utf8), file: "converted") {
            Terminal.complain("the conversion is wrong, which is an error of its own:\n\(errors)")
            return .software
        }
        StandardOutput.write(Array(conversion.toml.utf8).span.bytes)
        let count = conversion.unconvertedCount
        if count > 0 {
            Terminal.complain("\(count) settings have no counterpart: look for '# no counterpart' and read why")
        }
        return .success
    }
}
