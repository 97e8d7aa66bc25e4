using System.Diagnostics;
using System.Globalization;

namespace Automation.Bench;

/// <summary>What calls saw.</summary>
/// <param name="Turns">Answers that were right.</param>
/// <param name="Wrong">What was wrong, where something was: a late or empty answer, another call's, another turn's.</param>
/// <param name="Elapsed">From the first event to the last answer.</param>
/// <param name="Latencies">Time from an event's due time to its answer, in microseconds, ascending.</param>
internal sealed record CallResult(long Turns, IReadOnlyList<string> Wrong, TimeSpan Elapsed, long[] Latencies)
{
    public double PerSecond => Turns / Elapsed.TotalSeconds;

    public double Percentile(double p) => Latencies.Length == 0 ? 0 : Latencies[(int)Math.Min(Latencies.Length - 1, p * Latencies.Length)] / 1000.0;
}

/// <summary>
/// Phone calls at the same time, as AI Flow makes them: each begins, says so many things and waits for each answer, and
/// checks it to the last byte.
/// </summary>
/// <param name="port">The server's port on 127.0.0.1.</param>
internal sealed class CallLoad(int port)
{
    /// <summary>Runs calls, one connection each.</summary>
    /// <param name="calls">How many at the same time.</param>
    /// <param name="turns">Things said in each.</param>
    /// <param name="name">Makes the ids of the calls differ from those of other runs.</param>
    /// <param name="pace">Time from one event of a call to the next; zero for as soon as the answer is there.</param>
    public async Task<CallResult> RunAsync(int calls, int turns, string name, TimeSpan pace)
    {
        var start = Stopwatch.GetTimestamp();
        var runs = await Task.WhenAll(Enumerable.Range(0, calls).Select(call => Task.Run(async () =>
        {
            using var connection = new AnswerConnection(port);
            var id = string.Create(CultureInfo.InvariantCulture, $"{name}-{call}");
            var latencies = new List<long>(turns + 1);
            var wrong = new List<string>();
            // Calls do not all speak at once.
            var first = Stopwatch.GetTimestamp() + (long)(pace.TotalSeconds * call / calls * Stopwatch.Frequency);
            for (var turn = 0; turn <= turns; turn++)
            {
                var due = pace > TimeSpan.Zero ? first + (long)(pace.TotalSeconds * turn * Stopwatch.Frequency) : Stopwatch.GetTimestamp();
                var wait = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), due);
                if (wait > TimeSpan.Zero)
                    await Task.Delay(wait + TimeSpan.FromMilliseconds(0.5));
                var (said, expected) = Turn(id, turn);
                var answer = await connection.PostAsync(said);
                latencies.Add((long)Stopwatch.GetElapsedTime(due).TotalMicroseconds);
                if (answer != expected)
                    wrong.Add($"{id} turn {turn}: {answer} instead of {expected}");
            }

            return (latencies, wrong);
        })));
        var elapsed = Stopwatch.GetElapsedTime(start);
        var all = runs.SelectMany(r => r.latencies).ToArray();
        Array.Sort(all);
        var faults = runs.SelectMany(r => r.wrong).ToArray();
        return new CallResult(all.Length - faults.Length, faults, elapsed, all);
    }

    private static (string Event, string Answer) Turn(string id, int turn)
    {
        var session = $$"""{"id":"{{id}}","account_id":"bench","phone_number":"+1","from_phone_number":"+2","to_phone_number":"+1"}""";
        if (turn == 0)
            return ($$"""{"type":"session_start","session":{{session}}}""", $$"""{"type":"speak","session_id":"{{id}}","text":"Hello"}""");
        // Every third time the caller wants something, which is another branch.
        return turn % 3 == 0
            ? ($$"""{"type":"user_speak","text":"I want {{turn}}","session":{{session}}}""", $$"""{"type":"speak","session_id":"{{id}}","text":"Here is {{turn}}"}""")
            : ($$"""{"type":"user_speak","text":"this is {{turn}}","session":{{session}}}""", $$"""{"type":"speak","session_id":"{{id}}","text":"You said: this is {{turn}}"}""");
    }
}
