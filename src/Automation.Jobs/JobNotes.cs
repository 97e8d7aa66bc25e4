using Automation.Storage.Writes;

namespace Automation.Jobs;

/// <summary>A line that a job has written.</summary>
/// <param name="At">When.</param>
/// <param name="Text">What.</param>
public sealed record JobLogLine(DateTimeOffset At, string Text);

/// <summary>How far a job is.</summary>
/// <param name="Percent">0 to 100.</param>
/// <param name="Message">What is being done.</param>
/// <param name="At">When it was told.</param>
public sealed record JobProgress(double Percent, string? Message, DateTimeOffset At);

/// <summary>The rows of lines and progress.</summary>
internal static class JobNotes
{
    private const int MostCharacters = 16_000;

    private static readonly SqlStatement InsertLine = new("""
        INSERT INTO job_log (job_id, line, at, text)
        SELECT $1, coalesce((SELECT max(line) FROM job_log WHERE job_id = $1), 0) + 1, $2, $3
        """);

    private static readonly SqlStatement UpsertProgress = new("""
        INSERT INTO job_progress (job_id, percent, message, at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (job_id) DO UPDATE SET percent = excluded.percent, message = excluded.message, at = excluded.at
        """);

    public static void AddLine(WriteUnit unit, long jobId, JobLogLine line)
    {
        var text = line.Text.Length > MostCharacters ? line.Text[..MostCharacters] + "…" : line.Text;
        unit.Add(InsertLine, jobId, SqlValue.Micros(line.At), text.Replace('\0', '\uFFFD'));
    }

    public static void AddProgress(WriteUnit unit, long jobId, double percent, string? message, DateTimeOffset at) =>
        unit.Add(UpsertProgress, jobId, percent, message?.Replace('\0', '\uFFFD'), SqlValue.Micros(at));
}
