import Bytes
import MQTTSN
import SensorClient

/// The form in which a message is printed.
struct MessageFormat {
    private enum Part {
        case text([UInt8])
        case topic, data, hexadecimal, qos, retain, duplicate, messageID, length, json
    }

    private var parts: [Part] = []

    /// Nil where a `%` is followed by nothing that is known.
    init?(_ format: String) {
        var rest = format[...]
        while let character = rest.popFirst() {
            switch character {
            case "\\":
                switch rest.popFirst() {
                case "n": append("\n")
                case "t": append("\t")
                case "\\", nil: append("\\")
                case let other?: append("\\" + String(other))
                }
            case "%":
                guard let code = rest.popFirst() else { return nil }
                guard code != "%" else {
                    append("%")
                    continue
                }
                guard let part = Self.part(code) else { return nil }
                parts.append(part)
            default: append(String(character))
            }
        }
    }

    private mutating func append(_ text: String) { parts.append(.text(Array(text.utf8))) }

    private static func part(_ code: Character) -> Part? {
        switch code {
        case "t": .topic
        case "p": .data
        case "x": .hexadecimal
        case "q": .qos
        case "r": .retain
        case "d": .duplicate
        case "m": .messageID
        case "l": .length
        case "j": .json
        default: nil
        }
    }

    func bytes(of message: DeliveredMessage) -> [UInt8] {
        parts.reduce(into: []) { bytes, part in
            switch part {
            case .text(let text): bytes += text
            case .topic: bytes += Array(Self.name(of: message.topic).utf8)
            case .data: bytes += message.data
            case .hexadecimal: bytes += Array(Hexadecimal.text(message.data).utf8)
            case .qos: bytes += Array("\(message.qos.rawValue)".utf8)
            case .retain: bytes += Array(message.retain ? "1".utf8 : "0".utf8)
            case .duplicate: bytes += Array(message.duplicate ? "1".utf8 : "0".utf8)
            case .messageID: bytes += Array("\(message.messageID)".utf8)
            case .length: bytes += Array("\(message.data.count)".utf8)
            case .json: bytes += Array(Self.json(message).utf8)
            }
        }
    }

    /// The topic's name, or the id that stands for it: `farm/soil`, `ab`, `predefined:7`.
    static func name(of topic: ClientTopic) -> String {
        switch topic {
        case .name(let name): String(decoding: name, as: UTF8.self)
        case .predefined(let id): "predefined:\(id)"
        case .shortName(let id): String(decoding: [UInt8(id >> 8), UInt8(id & 0xFF)], as: UTF8.self)
        }
    }

    private static func json(_ message: DeliveredMessage) -> String {
        var fields = [#""topic":\#(Text.json(name(of: message.topic)))"#]
        if case .predefined(let id) = message.topic { fields.append(#""predefined":\#(id)"#) }
        fields.append(#""qos":\#(message.qos.rawValue),"retain":\#(message.retain),"dup":\#(message.duplicate)"#)
        fields.append(#""mid":\#(message.messageID),"length":\#(message.data.count)"#)
        fields.append(#""payload":\#(Text.json(message.data)),"hex":"\#(Hexadecimal.text(message.data))""#)
        return "{" + fields.joined(separator: ",") + "}"
    }
}
