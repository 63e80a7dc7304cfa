"""Stories: which entries tell of one event. Candidates, the learnt pair decision, the join, the aggregate."""
