using Automation.Host.Start;
using Automation.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Automation.Host.Tests;

public sealed class LineFormatterTests
{
    [Fact]
    public void What_comes_from_outside_stays_on_its_line()
    {
        var text = Format(LogLevel.Warning, "source \u001b[31mred\r\n05:00:00.000 info  JobServer: forged", null);

        Assert.Equal(" WARN  Intake: source  [31mred  05:00:00.000 info  JobServer: forged" + Environment.NewLine, text[12..]);
    }

    [Fact]
    public void An_exception_follows_its_line_indented()
    {
        var lines = Format(LogLevel.Error, "failed", new InvalidOperationException("first\nsecond")).TrimEnd().Split(Environment.NewLine);

        Assert.EndsWith("ERROR Intake: failed", lines[0], StringComparison.Ordinal);
        Assert.All(lines[1..], line => Assert.StartsWith("    ", line, StringComparison.Ordinal));
        Assert.Equal(3, lines.Length);
    }

    private static string Format(LogLevel level, string message, Exception? exception)
    {
        using var writer = new StringWriter();
        new LineFormatter(new ManualClock()).Write(
            new LogEntry<string>(level, "Automation.Intake", default, message, exception, (state, _) => state), null, writer);
        return writer.ToString();
    }
}
