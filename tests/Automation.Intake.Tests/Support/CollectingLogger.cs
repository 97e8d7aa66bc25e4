using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Automation.Intake.Tests.Support;

/// <summary>Keeps what was logged.</summary>
internal sealed class CollectingLogger : ILoggerProvider, ILogger
{
    public ConcurrentQueue<string> Lines { get; } = new();

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
            Lines.Enqueue($"{logLevel}: {formatter(state, exception)} {exception}".TrimEnd());
    }

    public void Dispose()
    {
    }
}
