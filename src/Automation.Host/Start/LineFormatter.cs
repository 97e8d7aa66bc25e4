using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace Automation.Host.Start;

/// <summary>
/// The console log for people: one line each of time, level, part and message. Chosen by
/// <c>Logging:Console:FormatterName</c> = <c>line</c>; the framework's <c>json</c>, <c>simple</c> and <c>systemd</c> remain.
/// </summary>
internal sealed class LineFormatter(TimeProvider clock) : ConsoleFormatter(FormatterName)
{
    /// <summary>The name that the configuration chooses it by.</summary>
    public const string FormatterName = "line";

    /// <inheritdoc/>
    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        var message = logEntry.Formatter(logEntry.State, logEntry.Exception);
        textWriter.Write(clock.GetLocalNow().ToString("HH:mm:ss.fff ", CultureInfo.InvariantCulture));
        textWriter.Write(logEntry.LogLevel switch
        {
            LogLevel.Trace => "trace ",
            LogLevel.Debug => "debug ",
            LogLevel.Information => "info  ",
            LogLevel.Warning => "WARN  ",
            LogLevel.Error => "ERROR ",
            _ => "FATAL ",
        });
        textWriter.Write(logEntry.Category[(logEntry.Category.LastIndexOf('.') + 1)..]);
        textWriter.Write(": ");
        WriteOnOneLine(textWriter, message);
        textWriter.WriteLine();
        if (logEntry.Exception is { } exception)
            textWriter.WriteLine("    " + exception.ToString().ReplaceLineEndings(Environment.NewLine + "    "));
    }

    /// <summary>What comes from outside must not look like a line of ours, nor move the cursor of a terminal.</summary>
    private static void WriteOnOneLine(TextWriter writer, string message)
    {
        foreach (var c in message)
            writer.Write(char.IsControl(c) ? ' ' : c);
    }
}
