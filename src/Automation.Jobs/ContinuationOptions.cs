namespace Automation.Jobs;

/// <summary>Which ends of a job start its continuation; otherwise the continuation is deleted. The values are those of the layout.</summary>
[Flags]
public enum ContinuationOptions
{
    /// <summary>Whenever it has finished, succeeded or deleted.</summary>
    OnAnyFinishedState = 0,

    /// <summary>Only when it has succeeded. The default.</summary>
    OnlyOnSucceededState = 1,

    /// <summary>Only when it was deleted.</summary>
    OnlyOnDeletedState = 2,
}
