import Configuration

/// The settings that a text gives, or its errors as the command line prints them.
func settings(_ text: String) -> Result<Settings, ConfigurationErrors> {
    SettingsReader.read(Array(text.utf8), file: "f.toml")
}

/// The errors of a text, one on each line; empty when there are none.
func errors(_ text: String) -> String { errors(Array(text.utf8)) }

/// The errors of a file, one on each line; empty when there are none.
func errors(_ bytes: [UInt8]) -> String {
    switch SettingsReader.read(bytes, file: "f.toml") {
    case .success: ""
    case .failure(let errors): errors.description
    }
}
