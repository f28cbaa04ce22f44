import Describe
import JSON
import MQTT
import Transports

/// `swiftlet decode`: octets field by field, with what is wrong in them and what they may be instead.
enum DecodeCommand {
    static let entry = CommandEntry(
        "decode", operands: "[HEX...|FILE|-]", count: 0...10_000,
        "say what MQTT-SN datagrams or MQTT packets are, and what is wrong in them",
        details: """
            Takes one datagram in hexadecimal, with or without blanks, colons and 0x; or a file or standard input:
            lines of hexadecimal, one datagram each, or a capture of tcpdump or Wireshark (pcap, pcapng), whose
            UDP datagrams are told on one line each.

            It tells each field with its offset, octets, name and meaning. Lines with ! are what a gateway would
            object to, lines with ? what the octets may be instead.
            """,
        options: [mqtt, mqtt5, port, fields, .json], success: "all of it is well-formed",
        failures: [.dataError, .noInput],
        examples: [
            ("swiftlet decode 0c0ca00003002968656c6c6f", "a datagram from a log"),
            ("tcpdump -i any -w - udp port 1884 | swiftlet decode -", "what passes, as far as it was captured"),
        ],
        synonyms: ["dissect", "parse", "dump"], execute: execute)

    private static let mqtt = Option(
        "--mqtt", help: "The octets are MQTT, one packet or several: 3.1.1 until one comes that only 5.0 has.")
    private static let mqtt5 = Option("--mqtt5", help: "The octets are MQTT 5.0, one packet or several.")
    private static let port = Option(
        "--port", value: "PORT", help: "Of a capture, only the datagrams from or to this port.")
    private static let fields = Option("--fields", help: "Of a capture, too, tell each field.")

    /// No capture is read beyond this size, in octets.
    private static let maximumByteCount = 1 << 30

    private static func execute(_ arguments: Arguments) throws(UsageError) -> ExitStatus {
        let report = DecodeReport(
            isMQTT: arguments.has(mqtt) || arguments.has(mqtt5), version: arguments.has(mqtt5) ? .v5_0 : nil,
            isJSON: arguments.has(.json), showsFields: arguments.has(fields),
            port: try arguments.number(port, 1...65_535).map { UInt16($0) })
        let operands = arguments.operands
        guard let first = operands.first else { return decodeStandardInput(report) }
        if operands == ["-"] { return decodeStandardInput(report) }
        switch HexadecimalInput.octets(operands.joined(separator: " ")) {
        case .success(let octets): return report.tell(octets)
        case .failure(let failure):
            guard operands.count == 1 else { throw arguments.wrong(failure.message) }
            return decodeFile(first, orElse: failure, report)
        }
    }

    private static func decodeStandardInput(_ report: DecodeReport) -> ExitStatus {
        do throws(IOError) {
            return report.tell(content: try StandardInput.readAll(maximumByteCount: maximumByteCount), of: "stdin")
        } catch {
            Terminal.complain("cannot read standard input: \(error)")
            return .noInput
        }
    }

    private static func decodeFile(
        _ path: String, orElse failure: HexadecimalInput.Failure, _ report: DecodeReport
    ) -> ExitStatus {
        do throws(IOError) {
            return report.tell(content: try FileReader.read(path: path, maximumByteCount: maximumByteCount), of: path)
        } catch {
            Terminal.complain("'\(path)' is no octets (\(failure.message)) and no file: \(error)")
            return .noInput
        }
    }
}

/// Tells octets as the options want it.
private struct DecodeReport {
    var isMQTT: Bool
    /// Of MQTT; nil where the packets are to tell.
    var version: ProtocolVersion?
    var isJSON: Bool
    /// Whether a capture is told field by field, too.
    var showsFields: Bool
    var port: UInt16?

    /// One datagram, or a stream of packets.
    func tell(_ octets: [UInt8]) -> ExitStatus {
        var isGood = true
        for (bytes, description) in parts(of: octets) {
            isGood = isGood && description.fault == nil
            if isJSON {
                Terminal.print(description.json(bytes, protocol: isMQTT ? "mqtt" : "mqtt-sn").text)
            } else {
                for line in description.lines(bytes) { Terminal.print(line) }
            }
        }
        return isGood ? .success : .dataError
    }

    private func parts(of octets: [UInt8]) -> [(bytes: [UInt8], description: Description)] {
        let span = octets.span
        if isMQTT { return PacketWords.descriptions(of: span.bytes, version, payload: PayloadWords.text) }
        return [(octets, DatagramWords.description(of: span.bytes, payload: PayloadWords.text))]
    }

    /// A capture, or lines of hexadecimal.
    func tell(content: [UInt8], of name: String) -> ExitStatus {
        guard CaptureFile.isCapture(content) else { return tellLines(content, of: name) }
        switch CaptureFile.read(content) {
        case .success(let file): return tell(file, of: name)
        case .failure(let failure):
            Terminal.complain("\(name): \(failure.message)")
            return .dataError
        }
    }

    private func tellLines(_ content: [UInt8], of name: String) -> ExitStatus {
        var status = ExitStatus.success
        for (index, line) in content.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
            let text = String(decoding: line.prefix { $0 != UInt8(ascii: "#") }, as: UTF8.self)
            guard text.contains(where: { !$0.isWhitespace }) else { continue }
            switch HexadecimalInput.octets(text) {
            case .success(let octets): if tell(octets) != .success { status = .dataError }
            case .failure(let failure):
                let advice = index == 0 ? "; neither hexadecimal nor a capture" : ""
                Terminal.complain("\(name):\(index + 1): \(failure.message)\(advice)")
                return .dataError
            }
        }
        return status
    }

    private func tell(_ file: CaptureFile, of name: String) -> ExitStatus {
        var isGood = true
        var count = 0
        for datagram in file.datagrams where isWanted(datagram) {
            count += 1
            let span = datagram.bytes.span
            let description = DatagramWords.description(of: span.bytes, payload: PayloadWords.text)
            isGood = isGood && description.fault == nil
            tell(datagram, description)
        }
        if !isJSON {
            Terminal.print("\(count) \(count == 1 ? "datagram" : "datagrams"), \(file.otherCount) other packets")
        }
        if let complaint = file.complaint { Terminal.complain("\(name): \(complaint)") }
        return isGood && file.complaint == nil ? .success : .dataError
    }

    private func isWanted(_ datagram: CaptureFile.Datagram) -> Bool {
        port == nil || datagram.sourcePort == port || datagram.destinationPort == port
    }

    private func tell(_ datagram: CaptureFile.Datagram, _ description: Description) {
        let way = "\(datagram.source) → \(datagram.destination)"
        if isJSON {
            guard case .object(let members) = description.json(datagram.bytes, protocol: "mqtt-sn") else { return }
            let head = [
                JSONValue.Member("number", .count(datagram.number)),
                JSONValue.Member("microseconds", .number(Double(datagram.microseconds))),
                JSONValue.Member("from", .string(datagram.source)),
                JSONValue.Member("to", .string(datagram.destination)),
            ]
            return Terminal.print(JSONValue.object(head + members).text)
        }
        let cut = datagram.isCut ? "  (the capture has cut it)" : ""
        Terminal.print("\(datagram.number)  \(datagram.timeOfDay)  \(way)  \(description.line)\(cut)")
        if showsFields { for line in description.lines(datagram.bytes) { Terminal.print("    " + line) } }
    }
}

extension CaptureFile.Datagram {
    /// In UTC, to the microsecond.
    fileprivate var timeOfDay: String {
        let seconds = microseconds / 1_000_000 % 86_400
        let parts = [seconds / 3_600, seconds / 60 % 60, seconds % 60].map { String(100 + $0).dropFirst() }
        return parts.joined(separator: ":") + ".\(String(1_000_000 + microseconds % 1_000_000).dropFirst())"
    }
}
