using Automation.Storage.Writes;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Automation.Steps.Secrets;

/// <summary>Says at the start which secrets this server cannot read, before a step fails for it.</summary>
internal sealed partial class SecretCheck(SecretStore secrets, ILogger<SecretCheck> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            if (await secrets.UnreadableAsync(stoppingToken) is { Count: > 0 } unreadable)
                LogUnreadable(string.Join(", ", unreadable));
        }
        catch (StorageUnavailableException e)
        {
            LogUnavailable(e);
        }
    }

    [LoggerMessage(LogLevel.Error, "These secrets cannot be decrypted, so steps that use them fail on this server: {Secrets}. They were stored with other keys. Servers that share a database must share the directory of keys; otherwise store the secrets again")]
    private partial void LogUnreadable(string secrets);

    [LoggerMessage(LogLevel.Warning, "Whether the secrets can be decrypted could not be checked; steps that use them will tell")]
    private partial void LogUnavailable(Exception exception);
}
