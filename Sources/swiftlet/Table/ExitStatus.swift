/// How the process ends, as sysexits(3) numbers it; the one table of exit codes.
enum ExitStatus: Int32, CaseIterable {
    case success = 0
    /// What was asked is not so, where a command answers a question.
    case no = 1
    case usage = 64
    case dataError = 65
    case noInput = 66
    case unavailable = 69
    case software = 70
    case systemFailure = 71
    case cannotCreate = 73
    case temporaryFailure = 75
    case protocolError = 76
    case noPermission = 77
    case configuration = 78

    /// The name in sysexits.h; nil where it has none.
    var name: String? {
        switch self {
        case .success: "EX_OK"
        case .no: nil
        case .usage: "EX_USAGE"
        case .dataError: "EX_DATAERR"
        case .noInput: "EX_NOINPUT"
        case .unavailable: "EX_UNAVAILABLE"
        case .software: "EX_SOFTWARE"
        case .systemFailure: "EX_OSERR"
        case .cannotCreate: "EX_CANTCREAT"
        case .temporaryFailure: "EX_TEMPFAIL"
        case .protocolError: "EX_PROTOCOL"
        case .noPermission: "EX_NOPERM"
        case .configuration: "EX_CONFIG"
        }
    }

    /// What it says, as a sentence's middle.
    var meaning: String {
        switch self {
        case .success: "done"
        case .no: "the answer is no"
        case .usage: "the arguments are wrong"
        case .dataError: "what was given to read is not what it should be"
        case .noInput: "a file could not be read"
        case .unavailable: "an address or a service could not be had, or it refused"
        case .software: "an error of Swiftlet's own"
        case .systemFailure: "the system failed"
        case .cannotCreate: "a file could not be created"
        case .temporaryFailure: "nobody answered, or the answer was to try again later"
        case .protocolError: "it answered, but not as MQTT-SN or HTTP has it"
        case .noPermission: "the system forbids it"
        case .configuration: "the configuration is wrong"
        }
    }
}
