namespace Automation.Storage.Events;

/// <summary>Where a stored event stands. The numbers are what the database holds; they never change.</summary>
public enum EventStatus
{
    /// <summary>Stored and acknowledged; something wants it and has not started yet.</summary>
    Received = 0,

    /// <summary>Everything that it was to start or resume has been.</summary>
    Routed = 1,

    /// <summary>Nothing wanted it. It can be replayed once something does.</summary>
    Unmatched = 2,

    /// <summary>A repeated delivery of an event that is stored already; it started nothing.</summary>
    Duplicate = 3,

    /// <summary>Something that it was to start could not be; the reason is with it, and it can be tried again.</summary>
    Failed = 4,

    /// <summary>Refused (4xx): not acknowledged, kept so that a person can see why.</summary>
    Rejected = 5,

    /// <summary>Flow control holds it back; what it starts, starts later.</summary>
    Waiting = 6,

    /// <summary>Flow control decided that it starts nothing: a limit was reached, or a later event took its place. It can be replayed.</summary>
    Skipped = 7,
}
