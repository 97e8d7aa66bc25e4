using Automation.Workflows.Execution;
using Automation.Workflows.Journal;

namespace Automation.Workflows.Expressions;

/// <summary>What one evaluation writes with <c>console.log</c> and its kin: lines of its activity's journal, of which it may not write without end.</summary>
internal sealed class ScriptConsole(ActivityContext context)
{
    private const int MostLines = 100;
    private const int LongestLine = 2000;

    private int _lines;

    public void Write(string level, string text)
    {
        if (++_lines > MostLines)
            return;
        var line = text.Length > LongestLine ? text[..LongestLine] + "…" : text;
        context.AddJournalEntry(JournalEvents.Console, level is "log" ? line : $"{level}: {line}");
        if (_lines == MostLines)
            context.AddJournalEntry(JournalEvents.Console, $"After {MostLines} lines no more are kept of one evaluation.");
    }
}
