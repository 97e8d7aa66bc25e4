using System.Collections.Frozen;
using Microsoft.Extensions.DependencyInjection;

namespace Automation.Jobs.Server;

/// <summary>A handler as it was registered.</summary>
internal sealed record JobHandlerRegistration(string Name, Type HandlerType, Action<JobRetryOptions>? Retry);

/// <summary>The handlers by name.</summary>
internal sealed class JobHandlers
{
    private readonly FrozenDictionary<string, Entry> _entries;

    public JobHandlers(IEnumerable<JobHandlerRegistration> registrations, IServiceProvider services, JobOptions options)
    {
        var entries = new Dictionary<string, Entry>(StringComparer.Ordinal);
        foreach (var registration in registrations)
        {
            if (!entries.TryAdd(registration.Name, new Entry(registration, services, options)))
                throw new InvalidOperationException($"Two job handlers are registered as \"{registration.Name}\".");
        }

        _entries = entries.ToFrozenDictionary(StringComparer.Ordinal);
    }

    public Entry? Find(string name) => _entries.GetValueOrDefault(name);

    /// <summary>One handler, made when its first job comes.</summary>
    internal sealed class Entry(JobHandlerRegistration registration, IServiceProvider services, JobOptions options)
    {
        private readonly Lazy<IJobHandler> _handler = new(() => (IJobHandler)services.GetRequiredService(registration.HandlerType));

        public IJobHandler Handler => _handler.Value;

        public JobRetryOptions Retry { get; } = RetryOf(registration, options);

        private static JobRetryOptions RetryOf(JobHandlerRegistration registration, JobOptions options)
        {
            var retry = new JobRetryOptions { Attempts = options.RetryAttempts };
            registration.Retry?.Invoke(retry);
            return retry;
        }
    }
}
