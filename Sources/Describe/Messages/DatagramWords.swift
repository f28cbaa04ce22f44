import Bytes
import MQTTSN

/// A datagram in words, on one line or field by field; whatever is in it.
package enum DatagramWords {
    /// The message, or what is wrong with it, its first octets and what it may be instead.
    ///
    /// `payload` finds the words for the content of messages and Wills.
    package static func line(
        of datagram: RawSpan, payload: ([UInt8]) -> String = PayloadWords.count
    ) -> String {
        switch decoded(datagram) {
        case .success(let message): message.line(of: datagram, payload: payload)
        case .failure(let error): malformed(error, datagram).line
        }
    }

    /// Every field with its place and value; of what is malformed, what is wrong, where, and what it may be instead.
    package static func description(
        of datagram: RawSpan, payload: ([UInt8]) -> String = PayloadWords.count
    ) -> Description {
        let message: Message
        switch decoded(datagram) {
        case .success(let decoded): message = decoded
        case .failure(let error): return malformed(error, datagram)
        }
        var description = Description(line: message.line(of: datagram, payload: payload))
        guard let header = try? MessageHeader(at: 0, of: datagram) else { return description }
        var range = 0..<datagram.byteCount
        if case .encapsulated(let envelope) = message { range = 0..<envelope.inner.lowerBound }
        description.sections = [
            Description.Section(
                title: message.type.specificationName, range: range, fields: message.fields(of: datagram, header))
        ]
        description.remarks = message.remarks(on: datagram)
        if case .encapsulated(let envelope) = message {
            description.append(Self.description(of: datagram.extracting(envelope.inner)), at: envelope.inner.lowerBound)
        }
        return description
    }

    /// Whether the datagram is an MQTT-SN message, by its layout.
    package static func isMessage(_ datagram: RawSpan) -> Bool {
        guard case .success(let message) = decoded(datagram) else { return false }
        guard case .encapsulated(let envelope) = message else { return true }
        return isMessage(datagram.extracting(envelope.inner))
    }

    private static func decoded(_ datagram: RawSpan) -> Result<Message, DecodeError> {
        do throws(DecodeError) {
            return .success(try Message.decode(datagram))
        } catch {
            return .failure(error)
        }
    }

    private static func malformed(_ error: DecodeError, _ datagram: RawSpan) -> Description {
        Description(error.reason.fault(in: datagram), of: datagram, guesses: Guess.all(about: datagram))
    }
}

extension Description {
    /// Takes in the description of what lies `offset` octets behind the beginning.
    fileprivate mutating func append(_ inner: Description, at offset: Int) {
        func moved(_ range: ByteRange) -> ByteRange { range.lowerBound + offset..<range.upperBound + offset }
        sections += inner.sections.map { section in
            Section(
                title: section.title, range: moved(section.range),
                fields: section.fields.map { Field(range: moved($0.range), name: $0.name, value: $0.value) })
        }
        if let fault = inner.fault {
            self.fault = Fault(subject: fault.subject, reason: fault.reason, offset: fault.offset + offset)
        }
        remarks += inner.remarks
        guesses += inner.guesses
    }
}
