using Microsoft.Extensions.Logging;

namespace Automation.Intake.Routing;

/// <summary>Tries until the database takes it: an event that is stored is never given up because of the store.</summary>
internal sealed partial class Perseverance(TimeProvider clock, ILogger<Perseverance> logger)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    /// <summary>Does the work, again and again until it does not fail.</summary>
    public async Task<T> UntilDoneAsync<T>(Func<CancellationToken, Task<T>> work, CancellationToken stopping)
    {
        var pause = FirstPause;
        while (true)
        {
            try
            {
                return await work(stopping);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                LogTryingAgain(e, pause);
                await Task.Delay(pause, clock, stopping);
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "Routing could not go on; trying again in {Pause}")]
    private partial void LogTryingAgain(Exception exception, TimeSpan pause);
}
